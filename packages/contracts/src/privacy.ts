import { z } from 'zod';
import { services } from './permissions.ts';

// Export and erasure of a person's data: internal routes of every service.

/** A person: a customer of a company, a user of that company, or both. */
export const Person = z.strictObject({
  company_id: z.uuid(),
  customer_id: z.uuid().nullable(),
  customer_number: z.int().nullable(),
  user_id: z.uuid().nullable(),
});
export type Person = z.infer<typeof Person>;

/** The sections of an export, each with the service that provides it. */
export const exportSections = {
  customer: ['customer', 'tags', 'notes', 'history'],
  interaction: ['interactions', 'transactions'],
  favorites: ['favorites'],
  auth: ['user', 'sessions', 'audit'],
  product: [],
} as const satisfies Record<(typeof services)[number], readonly string[]>;

/** Response of POST /internal/privacy/export `{ person, section, after? }`, for the customer service only: at most 1,000 rows and the next cursor. */
export const ExportedRows = z.object({
  rows: z.array(z.record(z.string(), z.json())),
  next: z.string().nullable(),
});
export type ExportedRows = z.infer<typeof ExportedRows>;

const affectedRows = { table: z.string(), rows: z.int(), columns: z.array(z.string()) };

/** Response of POST /internal/privacy/erasures `{ request_id, person }`, for the customer service only. Repeated calls get the same report. */
export const ErasureReport = z.object({
  service: z.enum(services),
  done_at: z.iso.datetime(),
  /** Deleted rows. */
  erased: z.array(z.object(affectedRows)),
  /** Rows that are kept without the person. */
  anonymised: z.array(z.object({ ...affectedRows, why: z.string() })),
  /** Rows that still refer to the person, with the reason. */
  kept: z.array(z.object({ ...affectedRows, why: z.string() })),
});
export type ErasureReport = z.infer<typeof ErasureReport>;

/** The result of an erasure. Contains no value of the person. */
export const ErasureReceipt = z.object({
  request_id: z.uuid(),
  /** The company's id; receipts of earlier versions have it as `company_id` only. */
  business_id: z.uuid().optional(),
  company_id: z.uuid(),
  customer_id: z.uuid().nullable(),
  user_id: z.uuid().nullable(),
  requested_at: z.iso.datetime(),
  done_at: z.iso.datetime(),
  services: z.array(ErasureReport),
});
export type ErasureReceipt = z.infer<typeof ErasureReceipt>;
