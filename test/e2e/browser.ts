/** Debian's Chromium, headless, for tests of pages. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';

/** Tests of pages skip visibly without it. */
export const hasChromium: boolean = existsSync(CHROMIUM);

export async function openBrowser(): Promise<Browser> {
  // The sandbox refuses root, which tests in containers often are.
  return await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

/** What a page did that it must not. */
export interface Misdeeds {
  /** Errors and warnings of the console, and exceptions. */
  readonly said: string[];
  /** Requests but for the file itself. */
  readonly requests: string[];
}

/** Notes errors and requests of a page from now on. */
export function watch(page: Page): Misdeeds {
  const misdeeds: Misdeeds = { said: [], requests: [] };
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) misdeeds.said.push(message.text());
  });
  page.on('pageerror', (error) => misdeeds.said.push(error.message));
  page.on('request', (request) => {
    const isPage = request.isNavigationRequest() && request.url().startsWith('file:');
    if (!isPage && !request.url().startsWith('data:')) misdeeds.requests.push(request.url());
  });
  return misdeeds;
}
