import { isAbsolute } from 'node:path';
import { z } from 'zod';

/** Settings of the avatar storage: a folder, or an S3 bucket. */
export const avatarSettings = {
  AVATARS_FOLDER: z.string().refine(isAbsolute, 'must be an absolute path').optional(),
  AVATARS_S3_BUCKET: z.string().optional(),
  AVATARS_S3_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be http://host:port or https://host' })
    .refine((text) => !URL.canParse(text) || !new URL(text).username, 'must not contain a user or password')
    .optional(),
  AVATARS_S3_REGION: z.string().optional(),
  AVATARS_S3_ACCESS_KEY_ID: z.string().optional(),
  AVATARS_S3_SECRET_ACCESS_KEY: z.string().optional(),
};
export type AvatarSettings = z.infer<z.ZodObject<typeof avatarSettings>>;

const bucketSettings = Object.keys(avatarSettings).filter((name) => name.startsWith('AVATARS_S3_'));

/**
 * Requires either a folder or a complete bucket, whose endpoint defaults to Amazon's. For `superRefine(…, { when: () => true })`,
 * so that it is reported with all other issues.
 */
export function requireAvatarStorage(settings: object, context: z.RefinementCtx): void {
  const values = settings as Readonly<Record<string, unknown>>;
  const addIssue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  const hasFolder = values['AVATARS_FOLDER'] !== undefined;
  if (bucketSettings.every((name) => values[name] === undefined)) {
    if (!hasFolder) addIssue('AVATARS_FOLDER', 'is missing');
    return;
  }
  if (hasFolder) addIssue('AVATARS_FOLDER', 'set either a folder or a bucket (AVATARS_S3_…), not both');
  for (const name of bucketSettings) {
    if (name !== 'AVATARS_S3_ENDPOINT' && values[name] === undefined) addIssue(name, 'is missing');
  }
}
