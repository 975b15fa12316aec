import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useCan } from '../api/session.ts';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { CountsSection, TagsSection } from './breakdown.tsx';
import { Filters } from './filters.tsx';
import { formatRange } from './format.ts';
import styles from './page.module.css';
import { planPeriod, todayInUtc, type Plan } from './period.ts';
import { metrics, type Metric } from './queries.ts';
import type { AnalyticsSearch } from './search.ts';
import { SeriesSection } from './series-section.tsx';

/** What the company's customers, orders and complaints came to. */
export function AnalyticsPage() {
  const { t } = useTranslation();
  const permission = 'analytics:read';
  const isAllowed = useCan()(permission);
  return (
    <Page title={t('analytics.title')}>
      {isAllowed ? <Analytics /> : <Notice>{t('errors.missing', { permission })}</Notice>}
    </Page>
  );
}

const route = getRouteApi('/frame/analytics');

function Analytics() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const can = useCan();
  const planned = planPeriod(search, todayInUtc());
  const change = (part: AnalyticsSearch) => void navigate({ search: (rest) => ({ ...rest, ...part }), replace: true });
  const open = new Set((search.tables ?? '').split(','));
  const tableOf = (metric: Metric) => ({
    isOpen: open.has(metric),
    onToggle: () => {
      const others = metrics.filter((each) => (each === metric ? !open.has(each) : open.has(each)));
      change({ tables: others.join(',') || undefined });
    },
  });
  return (
    <>
      <Filters search={search} planned={planned} onChange={change} />
      {planned.plan && <Explanation plan={planned.plan} />}
      <div className={styles.sections}>
        {planned.plan &&
          metrics.map((metric) => (
            <SeriesSection key={metric} metric={metric} plan={planned.plan} table={tableOf(metric)} />
          ))}
        <CountsSection by="status" />
        <CountsSection by="type" />
        {can('customers:read') && <TagsSection />}
      </div>
    </>
  );
}

/** Which days are counted. */
function Explanation({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const range = formatRange(plan);
  return (
    <p className={styles.explanation}>
      {plan.before ? t('analytics.rangeCompared', { range, before: formatRange(plan.before) }) : range} ·{' '}
      {t('analytics.utc')} {plan.isRunning && t(`analytics.running.${plan.interval}`)}
    </p>
  );
}
