import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';

export const languages = { en: 'English', es: 'Español', pt: 'Português', ro: 'Română', ru: 'Русский' } as const;
export type Language = keyof typeof languages;

const loaders = {
  en: () => import('./en/index.ts'),
  es: () => import('./es/index.ts'),
  pt: () => import('./pt/index.ts'),
  ro: () => import('./ro/index.ts'),
  ru: () => import('./ru/index.ts'),
};

const isLanguage = (text: string): text is Language => text in languages;
const stored = 'clientela.language';

/** The language that the person chose here, else the browser's first that there is. */
function firstLanguage(): Language {
  const wanted = [localStorage.getItem(stored) ?? '', ...navigator.languages];
  return wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? 'en';
}

async function load(language: Language): Promise<void> {
  if (i18next.hasResourceBundle(language, 'translation')) return;
  const { messages } = await loaders[language]();
  i18next.addResourceBundle(language, 'translation', messages);
}

export async function startMessages(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: firstLanguage(),
    fallbackLng: false,
    resources: {},
    partialBundledLanguages: true,
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  });
  await changeLanguage(firstLanguage(), false);
}

/** Loads a language and shows everything in it. @param isChosen whether the person chose it, to be kept in this browser */
export async function changeLanguage(language: Language, isChosen = true): Promise<void> {
  await load(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  if (isChosen) localStorage.setItem(stored, language);
}

export const currentLanguage = (): Language => i18next.language as Language;
