/** The paths of a route of `/auth` for legacy clients, who call it under other prefixes. */
export const authAliases = (rest: string): string[] => [`/api/auth${rest}`, `/api/v1/auth${rest}`];
