/**
 * Formats an amount of the API, a decimal string, as people of a language write it.
 * @param currency ISO 4217
 */
export const formatMoney = (amount: string, currency: string, locale?: string): string =>
  new Intl.NumberFormat(locale, { style: 'currency', currency }).format(amount as Intl.StringNumericLiteral);
