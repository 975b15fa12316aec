const words: Readonly<Record<'true' | 'false', string>> = {
  true: 'true t yes y 1 on x ✓ ✔ checked si sí s sim da да д истина verdadero verdadeiro adevărat adevarat subscribed opted-in opt-in opted_in',
  false:
    'false f no n 0 off not não nao nu нет н ложь falso fals unsubscribed opted-out opt-out opted_out cleaned never_subscribed',
};
const meanings = new Map(
  Object.entries(words).flatMap(([meaning, list]) =>
    list.split(' ').map((word) => [word, meaning === 'true'] as const),
  ),
);

/** Reads yes or no in the five languages of headers; undefined for other words. */
export const readBoolean = (value: string): boolean | undefined =>
  meanings.get(value.trim().toLowerCase().replaceAll(/\s+/g, '-'));
