import 'i18next';
import type { messages } from './en/index.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof messages };
    returnNull: false;
  }
}
