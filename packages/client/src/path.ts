/**
 * Builds a path from a template, with each parameter as one segment.
 * @throws TypeError for a parameter that is no segment, with which the path would be that of another operation
 */
export function path(parts: TemplateStringsArray, ...parameters: string[]): string {
  return parameters.reduce((built, parameter, index) => {
    if (typeof parameter !== 'string' || ['', '.', '..'].includes(parameter))
      throw new TypeError(`'${parameter}' is not a path parameter`);
    return built + encodeURIComponent(parameter) + parts[index + 1];
  }, parts[0] ?? '');
}
