import { v7, validate } from 'uuid';

/** Generates a UUIDv7 (RFC 9562): ids grow with time, which keeps primary key indexes compact. */
export const newId = (): string => v7();

/** Whether a text is a well-formed UUID of any version of RFC 9562. */
export const isUuid = (text: string): boolean => validate(text);
