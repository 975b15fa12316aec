/** Fields that a role of a column stands for, where they differ. */
const fieldOf = (role: string): string => {
  const [field = '', ...parts] = role.split('.');
  if (field === 'address') return `address.${parts.at(-1) ?? ''}`;
  if (field === 'document') return 'document_number';
  return field === 'preferences' || field === 'metadata' ? role : field;
};

/**
 * Finds the column of each field, by which problems are reported. Of several columns the first.
 * @param mapping role by column, such as `phone.mobile` or `address.home.city`
 */
export function columnsByField(mapping: Readonly<Record<string, string | null>>): Record<string, string> {
  const columns = new Map<string, string>();
  for (const [column, role] of Object.entries(mapping)) {
    if (role !== null && !columns.has(fieldOf(role))) columns.set(fieldOf(role), column);
  }
  return Object.fromEntries(columns);
}
