import { useEffect, useEffectEvent, useLayoutEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import { rowsToDraw, type Rows } from './drawn-rows.ts';

// In pixels, as in the styles.
export const rowHeight = 40;
export const headHeight = 34;

/** Scrolls no farther than needed for a row to be seen whole. */
export function scrollToRow(area: HTMLElement, row: number): void {
  const top = row * rowHeight;
  const lowest = top + rowHeight + headHeight - area.clientHeight;
  area.scrollTop = Math.max(lowest, Math.min(top, area.scrollTop));
}

/** The rows to draw of a scrolled area: those in view at once, those around them in the next frames. */
export function useDrawnRows(
  area: HTMLElement | null,
  count: number,
  onView: (first: number, last: number) => void,
): Rows {
  const [{ view, drawn }, setRows] = useState({ view: { first: 0, last: 0 }, drawn: { first: 0, last: 0 } });
  const next = rowsToDraw(drawn, view, count);
  const after = rowsToDraw(next, view, count);
  const isDone = next.first === after.first && next.last === after.last;
  const show = useEffectEvent((first: number, last: number) => {
    if (view.first !== first || view.last !== last) setRows({ view: { first, last }, drawn: next });
    onView(first, Math.min(last, count - 1));
  });
  const showMore = useEffectEvent(() => setRows({ view, drawn: next }));

  useLayoutEffect(() => {
    if (!area) return undefined;
    let height = 0;
    const look = () => {
      const first = Math.floor(area.scrollTop / rowHeight);
      const last = Math.ceil((area.scrollTop + height) / rowHeight) - 1;
      flushSync(() => show(first, last)); // before the frame is painted, so that no gap is seen
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
  useEffect(() => {
    if (isDone) return undefined;
    // In the next frame, and before it lays the page out: the first callback may still belong to this frame.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => flushSync(showMore));
    });
    return () => cancelAnimationFrame(frame);
  });
  return next;
}
