import type { Role } from '@clientela/contracts';
import type { CompanyAnalytics, UserAnalytics } from './schema.ts';

export type UserCount = { role: Role; is_active: boolean; count: number };
export type SignInDay = { date: string; signed_in: number; failed: number };

/** Length of the reporting window. */
export const windowDays = 30;

const sum = (counts: readonly { count: number }[]): number => counts.reduce((total, { count }) => total + count, 0);

type UserInput = { counts: readonly UserCount[]; newUsers: number; signInDays: readonly SignInDay[] };

/**
 * @param options.isInstallationWide whether superusers are counted
 * @param options.today YYYY-MM-DD
 */
export function userStatistics(
  { counts, newUsers, signInDays }: UserInput,
  { isInstallationWide, today }: { isInstallationWide: boolean; today: string },
): Omit<UserAnalytics, 'generated_at'> {
  const active_users = sum(counts.filter(({ is_active }) => is_active));
  const total_users = sum(counts);
  return {
    total_users,
    active_users,
    inactive_users: total_users - active_users,
    users_by_role: {
      ...countByRole(counts),
      ...(isInstallationWide && { superuser: countRole(counts, 'superuser') }),
    },
    new_users_last_30_days: newUsers,
    logins_per_day: countPerDay(signInDays, 'signed_in', today),
    failed_logins_per_day: countPerDay(signInDays, 'failed', today),
  };
}

/** Returns one count for each day of the window, up to today, zero for days without sign-ins. */
function countPerDay(
  signInDays: readonly SignInDay[],
  field: 'signed_in' | 'failed',
  today: string,
): UserAnalytics['logins_per_day'] {
  const counts = new Map(signInDays.map((day) => [day.date, day[field]]));
  return Array.from({ length: windowDays }, (_, n) => {
    const date = new Date(Date.parse(today) - (windowDays - 1 - n) * 86_400_000).toISOString().slice(0, 10);
    return { date, count: counts.get(date) ?? 0 };
  });
}

type CompanyInput = {
  companies: readonly { status: string; count: number }[];
  users: readonly UserCount[];
  newCompanies: number;
  newUsers: number;
};

export function companyStatistics({ companies, users, newCompanies, newUsers }: CompanyInput): CompanyAnalytics {
  const countStatus = (status: string) => sum(companies.filter((company) => company.status === status));
  const total_companies = sum(companies);
  const active = countStatus('active');
  return {
    total_companies,
    active_companies: active,
    inactive_companies: total_companies - active,
    companies_by_status: { active, inactive: countStatus('inactive'), suspended: countStatus('suspended') },
    total_users: sum(users.filter(({ role }) => role !== 'superuser')),
    users_by_role: countByRole(users),
    new_companies_last_30_days: newCompanies,
    new_users_last_30_days: newUsers,
  };
}

const countRole = (counts: readonly UserCount[], role: Role) => sum(counts.filter((count) => count.role === role));

const countByRole = (counts: readonly UserCount[]): CompanyAnalytics['users_by_role'] => ({
  admin: countRole(counts, 'admin'),
  manager: countRole(counts, 'manager'),
  viewer: countRole(counts, 'viewer'),
  customer: countRole(counts, 'customer'),
});
