import type { AppError } from '@clientela/errors';

/**
 * Runs a statement and maps a violated constraint, by its name, to the error it means:
 * `mapConstraintErrors(insert, { customers_email_taken: () => conflict({ resource: 'customer', field: 'email' }) })`.
 * @throws the AppError of the violated constraint, or the database's error when the constraint is not listed
 */
export async function mapConstraintErrors<T>(
  statement: PromiseLike<T>,
  errorsByConstraint: Readonly<Record<string, () => AppError>>,
): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    const constraint = error instanceof Error && 'constraint' in error ? String(error.constraint) : '';
    throw errorsByConstraint[constraint]?.() ?? error;
  }
}
