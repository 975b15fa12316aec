const asciiLower = (text: string) => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

/**
 * Whether two addresses are one, but for the case of ASCII letters. The database folds more: the Kelvin sign is a k to it, and whoever
 * owns that address at another server would sign in as somebody else.
 */
export const isSameAddress = (one: string, other: string): boolean => asciiLower(one) === asciiLower(other);
