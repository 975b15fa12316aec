import { useEffectEvent, useLayoutEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import type { Rows } from './drawn-rows.ts';

// In pixels, as in the styles.
export const rowHeight = 40;
export const headHeight = 34;

/** Scrolls no farther than needed for a row to be seen whole. */
export function scrollToRow(area: HTMLElement, row: number): void {
  const top = row * rowHeight;
  const lowest = top + rowHeight + headHeight - area.clientHeight;
  area.scrollTop = Math.max(lowest, Math.min(top, area.scrollTop));
}

/** The rows that a scrolled area shows. */
export function useRowsInView(
  area: HTMLElement | null,
  count: number,
  onView: (first: number, last: number) => void,
): Rows {
  const [view, setView] = useState<Rows>({ first: 0, last: 0 });
  const tell = useEffectEvent((first: number, last: number) => {
    setView((now) => (now.first === first && now.last === last ? now : { first, last }));
    onView(first, Math.min(last, count - 1));
  });
  useLayoutEffect(() => {
    if (!area) return undefined;
    let height = 0;
    const look = () => {
      const first = Math.floor(area.scrollTop / rowHeight);
      const last = Math.ceil((area.scrollTop + height) / rowHeight) - 1;
      flushSync(() => tell(first, last)); // before the frame is painted, so that no gap is seen
    };
    const observer = new ResizeObserver(() => {
      height = area.clientHeight - headHeight;
      look();
    });
    observer.observe(area);
    area.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      area.removeEventListener('scroll', look);
    };
  }, [area]);
  return view;
}
