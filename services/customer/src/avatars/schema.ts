import { z } from 'zod';

export const AvatarName = z.strictObject({ name: z.string() });

/** Where a picture is found at the gateway. */
export const urlOf = (name: string): string => `/avatars/${name}`;
