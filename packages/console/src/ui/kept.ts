/** Makes something once for each code, because what is the same as before need not be drawn again. */
export function kept<T>(make: (code: string) => T): (code: string) => T {
  const made = new Map<string, T>();
  return (code) => {
    const known = made.get(code) ?? make(code);
    made.set(code, known);
    return known;
  };
}
