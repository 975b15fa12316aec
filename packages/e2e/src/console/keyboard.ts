import type { Page } from 'playwright-core';

/** The name of what has the focus. */
export const focused = (page: Page): Promise<string> =>
  page.evaluate<string>(`(() => {
    const it = document.activeElement;
    if (it === document.body) return 'nothing';
    const labels = (it.getAttribute('aria-labelledby') ?? '').split(' ').flatMap((id) => document.getElementById(id)?.textContent ?? []);
    return (it.getAttribute('aria-label') ?? (labels.join(' ') || (it.labels?.[0]?.textContent ?? it.textContent ?? ''))).trim();
  })()`);

export async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

const maxSteps = 120;

/** Goes by one key alone, as far as something with that name. */
export async function keyTo(page: Page, name: RegExp, key = 'Tab'): Promise<void> {
  const seen: string[] = [];
  for (let step = 0; step < maxSteps; step += 1) {
    await page.keyboard.press(key);
    seen.push(await focused(page));
    if (name.test(seen.at(-1) ?? '')) return;
  }
  throw new Error(`${key} does not lead to ${name.source}, but to ${[...new Set(seen)].join(' | ')}`);
}

/** Goes by Tab to something with that name, and presses it. */
export async function pressAt(page: Page, name: RegExp): Promise<void> {
  await keyTo(page, name);
  await page.keyboard.press('Enter');
}

/** Opens a list of choices, and takes one of them. */
export async function choose(page: Page, list: RegExp, choice: RegExp): Promise<void> {
  await pressAt(page, list);
  await page.getByRole('listbox').waitFor();
  await page.keyboard.press('Home');
  if (!choice.test(await focused(page))) await keyTo(page, choice, 'ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('listbox').waitFor({ state: 'detached' });
}

/** Takes the newest change back: F6 leads to what is said about it. */
export async function undo(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Undo', exact: true }).first().waitFor(); // before, F6 leads nowhere
  await page.keyboard.press('F6');
  await pressAt(page, /^Undo$/);
}
