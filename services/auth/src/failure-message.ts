import { asUnavailable } from '@clientela/db';

/** Describes the failure of a command in one line for the operator. */
export function failureMessage(error: unknown): string {
  const cause = asUnavailable(error) ?? error;
  const message = cause instanceof Error ? cause.message : 'The command failed for an unknown reason';
  return message.replaceAll(/\s*\n\s*/g, ' ');
}
