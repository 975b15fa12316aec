import { useEffect } from 'react';

/** Focuses the heading of what came in place of something else, unless the focus is somewhere already: it is never nowhere. */
export function useFocusHeading(): void {
  useEffect(() => {
    // A dialog that closes gives the focus back first.
    const timer = setTimeout(() => {
      if (document.activeElement === document.body) document.querySelector<HTMLElement>('h1')?.focus();
    }, 50);
    return () => clearTimeout(timer);
  }, []);
}
