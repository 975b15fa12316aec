/** Encodes the body of a JSON response. It ends with a line feed, so that a terminal shows its prompt on a line of its own. */
export const jsonText = (value: unknown): string => `${JSON.stringify(value)}\n`;
