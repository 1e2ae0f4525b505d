/** Text for troff with the man(7) macros. */

/** Letters that troff would take for its own. */
export function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('"', '\\(dq')
    .replaceAll('…', '...')
    .replaceAll('’', '\\(cq')
    .replaceAll('×', '\\(mu');
}

/** A paragraph: one sentence or clause a line, none that begins like a request. */
export function paragraph(text: string): string {
  return escaped(text.replaceAll(/\s+/g, ' ').trim())
    .replaceAll(/([.;:?!]) (?=\S)/g, '$1\n')
    .split('\n')
    .map(guarded)
    .join('\n');
}

/** Lines that stay as they are. */
export function verbatim(lines: readonly string[]): string {
  return ['.nf', ...lines.map((line) => guarded(escaped(line))), '.fi'].join('\n');
}

export function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${escaped(text)}\\fR`;
}

/** A line that begins with a dot is a request. */
function guarded(line: string): string {
  return line.startsWith('.') ? `\\&${line}` : line;
}
