import { useEffect, useEffectEvent } from 'react';

type Handlers = Readonly<Record<string, ((event: KeyboardEvent) => void) | undefined>>;

const stored = 'clientela.shortcuts';
/** Whether keys without a modifier do something (WCAG 2.1.4): a person can switch them off. */
export const hasLetterKeys = (): boolean => localStorage.getItem(stored) !== 'off';
export const setLetterKeys = (on: boolean): void => localStorage.setItem(stored, on ? 'on' : 'off');

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)) &&
  !(target instanceof HTMLInputElement && ['checkbox', 'radio', 'button'].includes(target.type));

/** Toasts are dialogs too, but not modal ones. */
const isInDialog = () =>
  document.querySelector('[role$="dialog"]:not([aria-modal="false"]), [role="menu"], [role="listbox"]') !== null;

/** Writes an event as `mod+k`, `c` or `?`; `mod` is Ctrl, or ⌘ on a Mac. */
function nameOf({ key, ctrlKey, metaKey }: KeyboardEvent): string {
  const name = key.length === 1 ? key.toLowerCase() : key;
  return ctrlKey || metaKey ? `mod+${name}` : name;
}

let prefix: string | undefined;
let prefixTimer: ReturnType<typeof setTimeout> | undefined;

/**
 * Listens to keys while the component is shown: `c`, `?`, `mod+k`, or two in a row as `g c`. Letters do nothing while somebody types,
 * and in dialogs and menus.
 */
export function useShortcuts(handlers: Handlers): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.altKey || event.isComposing) return;
    const name = nameOf(event);
    const isLetter = !name.startsWith('mod+') && name.length === 1;
    if (isLetter && (isTyping(event.target) || isInDialog() || !hasLetterKeys())) return;
    const sequence = prefix === undefined ? undefined : `${prefix} ${name}`;
    const handler = (sequence !== undefined && handlers[sequence]) || (prefix === undefined && handlers[name]);
    if (handler) {
      event.preventDefault();
      prefix = undefined;
      handler(event);
    } else if (isLetter && prefix === undefined && Object.keys(handlers).some((key) => key.startsWith(`${name} `))) {
      prefix = name;
      clearTimeout(prefixTimer);
      prefixTimer = setTimeout(() => {
        prefix = undefined;
      }, 1500);
    }
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event);
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, []);
}
