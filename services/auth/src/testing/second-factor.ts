import { totpCode, type TestUser } from '@clientela/testing';
import { signIn, type SignedIn } from './lost-rights.ts';
import type { TestAuth } from './test-auth.ts';

/** The clock of the service under test. It is moved, never waited for. */
export type TestClock = { at: number };

const period = 30_000;

/** A user with a second factor, and the session that set it up. */
export type Protected = SignedIn & {
  secret: string;
  recovery_codes: string[];
  /** Moves the clock on and returns a code that was never used. */
  nextCode: () => string;
  /** Sends the password. @returns the token of the sign-in that waits */
  firstStep: (ip?: string) => Promise<string>;
};

/** Sets up the second factor of a signed-in user. */
export async function enableFactor(auth: TestAuth, clock: TestClock, user: SignedIn): Promise<Protected> {
  const { email, password, as } = user;
  const { body: setup } = await as.post('/auth/mfa/totp', { current_password: password }).expect(200);
  const secret: string = setup.secret;
  const nextCode = () => {
    clock.at += period;
    return totpCode(secret, clock.at);
  };
  const { body } = await as.post('/auth/mfa/totp/confirm', { code: nextCode() }).expect(200);
  const firstStep = async (ip = '192.0.2.1') => {
    const login = auth.anonymous().post('/auth/login', { email, password }).set('X-Client-Ip', ip);
    return (await login.expect(401)).body.mfa_token as string;
  };
  return { ...user, secret, recovery_codes: body.recovery_codes, nextCode, firstStep };
}

/** Registers the admin of a new company, who signs in. */
export async function newAdmin(auth: TestAuth): Promise<SignedIn> {
  const { user, email, password } = await auth.register();
  return signIn(auth, user, email, password);
}

/** Creates a user in the admin's company, who signs in. */
export async function newColleague(auth: TestAuth, admin: TestUser, role: string): Promise<SignedIn> {
  const [email, password] = [`${crypto.randomUUID()}@example.com`, `pass-${crypto.randomUUID()}`];
  const { body: user } = await admin.post('/api/v1/users', { email, password, role, first_name: 'Ana' }).expect(201);
  return signIn(auth, user, email, password);
}
