import { useEffect } from 'react';
import { visibleText } from './visible.tsx';

/** Sets the title of the window. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${visibleText(title)} – Clientela`;
  }, [title]);
}
