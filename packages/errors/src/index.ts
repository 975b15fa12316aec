export {
  AppError,
  conflict,
  forbidden,
  invalid,
  malformed,
  notFound,
  precondition,
  unauthenticated,
  unavailable,
} from './errors.ts';
export type { ErrorKind, FieldError } from './errors.ts';
export { problemAt, problemOf } from './problem.ts';
export type { Problem } from './problem.ts';
