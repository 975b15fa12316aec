import { z } from 'zod';

export const AvatarParams = z.strictObject({ name: z.string() });

/** Returns the path of an avatar at the gateway. */
export const avatarUrl = (name: string): string => `/avatars/${name}`;
