import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, useCan, useUser } from '../api/session.ts';
import { nameOf } from '../frame/person-menu.tsx';
import { Failure } from '../ui/failure.tsx';
import { Page } from '../ui/page.tsx';
import { Figures } from './figures.tsx';

/** The first screen: what the company's figures are. */
export function TodayPage() {
  const { t } = useTranslation();
  const can = useCan();
  const user = useUser();
  const [hour] = useState(() => new Date().getHours());
  const greeting = hour < 12 ? 'today.morning' : hour < 18 ? 'today.afternoon' : 'today.evening';
  return <Page title={t(greeting, { name: nameOf(user) })}>{can('analytics:read') && <CompanyFigures />}</Page>;
}

function CompanyFigures() {
  const { data, error, refetch } = useQuery({
    queryKey: ['customers', 'analytics'],
    queryFn: ({ signal }) => api.customers.analytics.get({ signal }),
    staleTime: 60_000,
  });
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  return <Figures data={data} />;
}
