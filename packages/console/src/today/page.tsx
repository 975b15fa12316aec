import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useUser } from '../api/session.ts';
import { nameOf } from '../frame/person-menu.tsx';
import { Page } from '../ui/page.tsx';
import { Skeleton } from '../ui/skeleton.tsx';

const Overview = lazy(() => import('./overview.tsx').then((module) => ({ default: module.Overview })));

/** The first screen: how the company stands today, and what needs a person. */
export function TodayPage() {
  const { t } = useTranslation();
  const user = useUser();
  const [hour] = useState(() => new Date().getHours());
  const greeting = hour < 12 ? 'today.morning' : hour < 18 ? 'today.afternoon' : 'today.evening';
  return (
    <Page title={t(greeting, { name: nameOf(user) })}>
      <Suspense fallback={<Skeleton lines={2} height={28} />}>
        <Overview />
      </Suspense>
    </Page>
  );
}
