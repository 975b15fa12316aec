import { useEffect } from 'react';

const settledMs = 50; // by then what had the focus is gone, and a dialog that closed has given it back

/** Focuses something when what had the focus is gone: the focus is never nowhere. */
export function focusIfLost(selector: string): void {
  setTimeout(() => {
    if (document.activeElement === document.body) document.querySelector<HTMLElement>(selector)?.focus();
  }, settledMs);
}

/** Focuses the heading of what came in place of what had the focus; another `key` does it again. */
export function FocusHeading(): null {
  useEffect(() => focusIfLost('h1'), []);
  return null;
}
