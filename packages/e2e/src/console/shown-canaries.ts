import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Everything that the page says: its text, its fields, and the hints that appear over them. */
const readTexts = `[document.body.textContent, ...[...document.querySelectorAll('input, textarea, [title]')].map(
  (each) => each.value ?? each.title)].join('\\n')`;
/** Elements and attributes that only a typed text could have made. */
const readForeign = `[...document.querySelectorAll('*')].filter((each) =>
  /^(?:iframe|object|embed|base|math|marquee|noscript|animate)$/i.test(each.localName) && each.closest('body') ||
  [...each.attributes].some(({ name, value }) => name.startsWith('on') || name === 'srcdoc' ||
    /^(?:src|href|action|style|content|xlink:href)$/.test(name) && /^\\s*javascript:|canary=1|evil\\.example\\/x/i.test(value)),
).map((each) => each.outerHTML.slice(0, 200))`;

const hidden = /[\u00AD\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/g;
/** Texts with characters that turn or hide others, not shown as their numbers. */
const readUnmarked = `(() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const { data, parentElement } = texts.currentNode;
    if (data.search(${hidden}) >= 0 && !parentElement.closest('[data-code], textarea, script, option, [data-live-announcer]')) found.push(parentElement.outerHTML.slice(0, 200));
  }
  return found;
})()`;

/** The title of the window for a name, in which hidden characters stand as their numbers. */
export const titleOf = (name: string): string =>
  `${name.replaceAll(hidden, (each) => `[${each.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`)} – Clientela`;

/** Asserts that nothing of what people typed became a part of the page, ran, or led elsewhere. */
export async function assertHarmless(page: Page, path: string): Promise<void> {
  expect(await page.evaluate<string[]>(readForeign), path).toEqual([]);
  expect(await page.evaluate<string[]>(readUnmarked), path).toEqual([]);
  await expect.poll(async () => (await page.title()).match(hidden), { message: path }).toBeNull();
  expect(await page.evaluate('window.canary'), path).toBeUndefined();
  expect(new URL(page.url()).pathname, path).toBe(path.split('?')[0]);
}

/** Asserts that the page shows texts as they were typed. */
export async function assertShown(page: Page, path: string, texts: readonly string[]): Promise<void> {
  const missing = async () => {
    const all = await page.evaluate<string>(readTexts);
    return texts.filter((text) => !all.includes(text));
  };
  await expect.poll(missing, { message: path }).toEqual([]);
  await assertHarmless(page, path);
}
