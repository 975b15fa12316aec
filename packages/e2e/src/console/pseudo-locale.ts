import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '@clientela/fleet';
import type { BrowserContext, Page } from 'playwright-core';

// Russian messages in which each part is in brackets and longer, in place of those of the console. Dates and numbers are Russian too, so that
// what has Latin letters outside the brackets is data, or a text that does not come from the messages.

type Tree = { [key: string]: string | Tree };

const folder = join(repoRoot, 'packages/console/src/messages/ru');
const texts = Object.fromEntries(
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => [
      file.slice(0, -'.json'.length).replaceAll(/-./g, ([, letter = '']) => letter.toUpperCase()),
      JSON.parse(readFileSync(join(folder, file), 'utf8')) as Tree,
    ]),
);

/** Adds two fifths, in words of at most twelve letters: longer texts have more words, which find a line. */
const lengthen = (text: string) => text + '~'.repeat(Math.ceil(text.length * 0.4)).replaceAll(/~{12}(?=~)/g, '$& ');
/** Puts a message into brackets, but for the values in it. */
const mark = (tree: string | Tree): string | Tree =>
  typeof tree === 'string'
    ? tree
        .split(/(\{\{.+?\}\})/)
        .map((part, index) => (index % 2 === 1 || part.trim() === '' ? part : `⟦${lengthen(part)}⟧`))
        .join('')
    : Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, mark(value)]));

const markedModule = `export const messages = ${JSON.stringify(mark(texts))};`;
const known = (texts['frame'] as { skip: string }).skip;

/** Serves the marked messages in place of the Russian ones, which are a file of their own. */
export async function serveMarkedMessages(context: BrowserContext): Promise<void> {
  await context.route('**/console/assets/*.js', async (route) => {
    const response = await route.fetch();
    const body = await response.text();
    await route.fulfill({ response, body: body.includes(known) ? markedModule : body });
  });
}

/** Every text that people get, on the screen or read out: of visible elements, names and hints, and the title of the window. */
const readTexts = `(() => {
  const texts = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (walker.currentNode.parentElement.checkVisibility()) texts.push(walker.currentNode.textContent);
  for (const name of ['aria-label', 'aria-description', 'placeholder', 'title', 'alt'])
    for (const element of document.querySelectorAll('[' + name + ']')) texts.push(element.getAttribute(name));
  return texts;
})()`;

/** @param data what is no text of the console @returns the texts on a page that have Latin letters and are neither messages nor data */
export async function findUnmarked(page: Page, data: readonly RegExp[]): Promise<string[]> {
  const shown = await page.evaluate<string[]>(readTexts);
  const isForeign = (text: string) =>
    /\p{Script=Latin}{2}/u.test(
      data.reduce((rest, each) => rest.replaceAll(each, ''), text.replaceAll(/⟦[^⟧]*⟧/g, ' ')),
    );
  return [...new Set(shown.filter(isForeign))];
}
