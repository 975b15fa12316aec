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

/** Watches the values of columns that may hold something else than their name says, unless the caller has named their role. */
export function createRoleCheck(columns: readonly Column[]) {
  const watched = columns.flatMap(({ role, is_chosen }, index) => {
    const check = Object.hasOwn(checks, role) && !is_chosen ? checks[role] : undefined;
    return check ? [{ index, check, fit: 0, unfit: 0 }] : [];
  });
  return {
    add(cells: readonly string[]): void {
      for (const column of watched) {
        const value = cells[column.index]?.trim() ?? '';
        if (value === '') continue;
        if (column.check(value)) column.fit += 1;
        else column.unfit += 1;
      }
    },
    /** Keeps columns that mostly hold something else in metadata. */
    fit(): Column[] {
      const unfit = new Set(watched.filter((column) => column.unfit > column.fit).map(({ index }) => index));
      return columns.map((column, index) => (unfit.has(index) ? { name: column.name, role: 'metadata' } : column));
    },
  };
}
