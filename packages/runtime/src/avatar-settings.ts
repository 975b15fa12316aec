import { isAbsolute } from 'node:path';
import { z } from 'zod';

/** Where the customer service keeps pictures: in a folder, or in a bucket. */
export const avatarSettings = {
  AVATARS_FOLDER: z.string().refine(isAbsolute, 'must be an absolute path').optional(),
  AVATARS_S3_BUCKET: z.string().optional(),
  AVATARS_S3_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be http://host:port or https://host' })
    .refine((text) => !URL.canParse(text) || !new URL(text).username, 'must hold no user and no password')
    .optional(),
  AVATARS_S3_REGION: z.string().optional(),
  AVATARS_S3_ACCESS_KEY_ID: z.string().optional(),
  AVATARS_S3_SECRET_ACCESS_KEY: z.string().optional(),
};
export type AvatarSettings = z.infer<z.ZodObject<typeof avatarSettings>>;

const ofBucket = Object.keys(avatarSettings).filter((name) => name.startsWith('AVATARS_S3_'));

/**
 * For `superRefine(…, { when: () => true })`, so that it is told together with all other faults: a folder or a bucket, and the bucket whole
 * (its endpoint aside, which is Amazon's when it is left out).
 */
export function validateAvatarStorage(given: object, context: z.RefinementCtx): void {
  const values = given as Readonly<Record<string, unknown>>;
  const fault = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  if (ofBucket.every((name) => values[name] === undefined)) return;
  if (values['AVATARS_FOLDER'] !== undefined)
    fault('AVATARS_FOLDER', 'give either a folder or a bucket (AVATARS_S3_…), not both');
  for (const name of ofBucket) {
    if (name !== 'AVATARS_S3_ENDPOINT' && values[name] === undefined) fault(name, 'is missing');
  }
}

/** As `oneStorage`, for the program that needs one. */
export function requireAvatarStorage(given: object, context: z.RefinementCtx): void {
  const values = given as Readonly<Record<string, unknown>>;
  validateAvatarStorage(given, context);
  if (Object.keys(avatarSettings).every((name) => values[name] === undefined))
    context.addIssue({ code: 'custom', path: ['AVATARS_FOLDER'], message: 'is missing' });
}
