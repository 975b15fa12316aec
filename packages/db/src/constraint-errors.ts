import type { AppError } from '@clientela/errors';

/**
 * Runs a statement and says what breaking each constraint means to the caller:
 * `meaning(insert, { customers_email_taken: () => conflict({ resource: 'customer', field: 'email' }) })`.
 * @throws the AppError of the broken constraint, or the database's error when the constraint is not listed
 */
export async function mapConstraintErrors<T>(
  statement: PromiseLike<T>,
  meanings: Readonly<Record<string, () => AppError>>,
): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    const constraint = error instanceof Error && 'constraint' in error ? String(error.constraint) : '';
    throw meanings[constraint]?.() ?? error;
  }
}
