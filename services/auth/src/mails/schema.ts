import { z } from 'zod';

/** The languages of mails. */
export const languages = ['en', 'es', 'pt', 'ro', 'ru'] as const;
export type Language = (typeof languages)[number];

/** Mails that people receive. Each has its text in every language. */
export const mailKinds = [
  'verify_email',
  'reset_password',
  'password_reset',
  'change_email',
  'email_change_requested',
  'email_changed',
  'invitation',
  'mfa_enabled',
  'mfa_disabled',
  'mfa_removed',
] as const;
export type MailKind = (typeof mailKinds)[number];

/** What the outbox holds: mails, and requests to reset a password, whose address is looked up before the mail is made. */
export type QueuedKind = MailKind | 'forgot_password';

/** What a mail says, sealed in its row. */
export const MailContent = z.object({
  to: z.string(),
  language: z.enum(languages),
  /** Of the person who reads it. */
  name: z.string().optional(),
  /** The new address, in a mail to the old one. */
  email: z.string().optional(),
  /** The name of the company, in an invitation. */
  company: z.string().optional(),
  token: z.string().optional(),
  /** `Accept-Language` of a request whose mail is made later. */
  accepted: z.string().optional(),
});
export type MailContent = z.infer<typeof MailContent>;

/** A mail as a server receives it. */
export type OutgoingMail = { id: string; created_at: string; to: string; subject: string; text: string; html: string };
