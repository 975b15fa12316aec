import { isAbsolute } from 'node:path';
import { z } from 'zod';

/** The largest upload that a setting can allow, and the gateway passes on. */
export const largestUpload = 16 * 1024 ** 3; // bytes

/** Settings of imports: where uploads are stored, and how long one may be. */
export const importSettings = {
  IMPORTS_FOLDER: z.string().refine(isAbsolute, 'must be an absolute path'),
  IMPORT_MAX_BYTES: z
    .string()
    .regex(/^\d{1,11}$/, 'must be a whole number of bytes')
    .transform(Number)
    .refine((bytes) => bytes >= 1 && bytes <= largestUpload, `must be from 1 to ${largestUpload}`)
    .default(2 * 1024 ** 3),
};

/** Where the uploads of all companies are, and the most bytes of one. */
export type ImportStorage = { folder: string; maxBytes: number };

type Settings = z.infer<z.ZodObject<typeof importSettings>>;
export const toImportStorage = ({ IMPORTS_FOLDER, IMPORT_MAX_BYTES }: Settings): ImportStorage => ({
  folder: IMPORTS_FOLDER,
  maxBytes: IMPORT_MAX_BYTES,
});
