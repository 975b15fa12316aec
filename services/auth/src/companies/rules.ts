/** The key by which people call a company: COMP-001 up. */
export const companyIdOf = (number: number): string => `COMP-${String(number).padStart(3, '0')}`;
