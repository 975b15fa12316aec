import { asUnavailable } from './unavailable-errors.ts';

/** Describes the failure of a command in one line, an unavailable database among them. Invalid settings keep a line each. */
export function failureMessage(error: unknown): string {
  const cause = asUnavailable(error) ?? error;
  if (cause instanceof Error && cause.name === 'EnvironmentError') return cause.message;
  const message = cause instanceof Error ? cause.message : 'The command failed for an unknown reason';
  return message.replaceAll(/\s*\n\s*/g, ' ');
}
