import { vi } from 'vitest';

const variable = 'TESTED_CASES';
const isComplete = () => process.env[variable] === 'all';

/** Lets the suite that a `*.large.test.ts` imports next test all its cases. */
export const testAllCases = (): void => void vi.stubEnv(variable, 'all');

/** The cases of a matrix: the first few in `npm test`, all after `testAllCases`. */
export const someCases = <Case>(all: readonly Case[], few: number): readonly Case[] =>
  isComplete() ? all : all.slice(0, few);

/** How often a test repeats something: a few times in `npm test`, more often after `testAllCases`. */
export const someRuns = (all: number, few: number): number => (isComplete() ? all : few);
