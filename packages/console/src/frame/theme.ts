export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const stored = 'clientela.theme';

/** The theme that the person chose in this browser; `system` follows it. */
export const currentTheme = (): Theme => themes.find((theme) => theme === localStorage.getItem(stored)) ?? 'system';

export function applyTheme(theme: Theme = currentTheme()): void {
  const { dataset } = document.documentElement;
  if (theme === 'system') delete dataset['theme'];
  else dataset['theme'] = theme;
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(stored, theme);
  applyTheme(theme);
}
