import { v7, validate } from 'uuid';

/** A new id: UUIDv7 (RFC 9562), so that ids of one table grow with time and its index stays compact. */
export const newId = (): string => v7();

/** Whether a text is a well-formed UUID of any version of RFC 9562. */
export const isUuid = (text: string): boolean => validate(text);
