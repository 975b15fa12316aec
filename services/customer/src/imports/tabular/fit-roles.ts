import { StatusInput, TypeInput, WritableCustomer } from '../../customers/schema.ts';
import type { Column } from './columns.ts';

const isWholeNumber = (value: string): boolean => /^\d{1,15}$/.test(value);
const { user_id, last_auth_at, preferences } = WritableCustomer.shape;

/** Fields whose names other programs use for something else: only a column of such values is one. */
const checks: Readonly<Record<string, (value: string) => boolean>> = {
  number: isWholeNumber,
  city_id: isWholeNumber,
  user_id: (value) => user_id.safeParse(value).success,
  status: (value) => StatusInput.safeParse(value).success,
  type: (value) => TypeInput.safeParse(value).success,
  last_auth_at: (value) => last_auth_at.safeParse(value).success,
  'preferences.language': (value) => preferences.shape.language.safeParse(value).success && value.length <= 5,
};

/** Watches the values of columns that may hold something else than their name says. */
export function createRoleCheck(columns: readonly Column[]) {
  const watched = columns.flatMap(({ role }, index) => {
    const check = Object.hasOwn(checks, role) ? checks[role] : undefined;
    return check ? [{ index, check }] : [];
  });
  const unfit = new Set<number>();
  return {
    add(cells: readonly string[]): void {
      for (const { index, check } of watched) {
        const value = cells[index]?.trim() ?? '';
        if (value !== '' && !unfit.has(index) && !check(value)) unfit.add(index);
      }
    },
    /** Keeps columns that hold something else in metadata. */
    fit: (): Column[] =>
      columns.map((column, index) => (unfit.has(index) ? { name: column.name, role: 'metadata' } : column)),
  };
}
