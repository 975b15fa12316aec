import { asUnavailable } from './unavailable-errors.ts';

/** Describes the failure of a command in one line, an unavailable database among them. */
export function failureMessage(error: unknown): string {
  const cause = asUnavailable(error) ?? error;
  const message = cause instanceof Error ? cause.message : 'The command failed for an unknown reason';
  return message.replaceAll(/\s*\n\s*/g, ' ');
}
