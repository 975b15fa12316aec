/** Keeps notifications above a bar at the bottom of the window, which they would cover. The `ref` of that bar. */
export const keepToastsAbove = (bar: HTMLElement | null): (() => void) | undefined => {
  if (bar === null) return undefined;
  const { style } = document.documentElement;
  const observer = new ResizeObserver(() => style.setProperty('--bottom-bar', `${bar.offsetHeight + 8}px`));
  observer.observe(bar);
  return () => {
    observer.disconnect();
    style.removeProperty('--bottom-bar');
  };
};
