import { z } from 'zod';

export const AvatarParams = z.strictObject({ name: z.string() });

/** Where a picture is found at the gateway. */
export const avatarUrl = (name: string): string => `/avatars/${name}`;
