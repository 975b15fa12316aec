/** Makes a pure function remember its last result, for values that several steps of one request compute. */
export function rememberLast<Value>(compute: (key: string) => Value): (key: string) => Value {
  let last: { key: string; value: Value } | undefined;
  return (key) => {
    last = last?.key === key ? last : { key, value: compute(key) };
    return last.value;
  };
}
