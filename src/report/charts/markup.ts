/**
 * Elements of HTML and SVG, turned into text by preact: texts and attributes are escaped there, so
 * that a run's name, path or command can never become markup.
 */
import { h, type VNode } from 'preact';
import { render } from 'preact-render-to-string';

export type Markup = VNode;
/** What may stand in an element; `null` and `false` stand for nothing. */
export type Child = Markup | string | number | null | false | readonly Child[];
/** `undefined` leaves an attribute out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element. */
export function el(
  tag: string,
  attributes: Attributes = {},
  ...children: readonly Child[]
): Markup {
  return h(tag, attributes, children);
}

/** An element whose content is not escaped: own style and script, never what a run has stored. */
export function verbatim(tag: string, attributes: Attributes, content: string): Markup {
  return h(tag, { ...attributes, dangerouslySetInnerHTML: { __html: content } });
}

/** The text of an element. */
export function renderMarkup(markup: Markup): string {
  return render(markup);
}
