/** The first and the last of some rows. */
export type Rows = { first: number; last: number };

const around = 8; // rows on either side of the view, so that a short scroll shows no gap
const atOnce = 5; // rows on either side that are added in one go: more take longer than a frame

/** Which rows to draw after those that are drawn: all in view, and a few more of those around it each time, until nothing changes. */
export const rowsToDraw = (drawn: Rows, view: Rows, count: number): Rows => ({
  first: Math.max(0, view.first - around, Math.min(view.first, drawn.first - atOnce)),
  last: Math.min(count - 1, view.last + around, Math.max(view.last, drawn.last + atOnce)),
});
