import { useTranslation } from 'react-i18next';
import styles from '../ui/bar.module.css';
import { Checkbox } from '../ui/checkbox.tsx';
import { Select } from '../ui/select.tsx';
import { TextField } from '../ui/text-field.tsx';
import own from './page.module.css';
import { pointsThatFit, type Planned } from './period.ts';
import { periods, type AnalyticsSearch } from './search.ts';

type FiltersProps = { search: AnalyticsSearch; planned: Planned; onChange: (change: AnalyticsSearch) => void };

/** Period, interval and comparison. */
export function Filters({ search, planned: { from, to, fitting, plan, error }, onChange }: FiltersProps) {
  const { t } = useTranslation();
  const isOwn = search.from !== undefined || search.to !== undefined;
  const isCompared = search.compare !== 'off';
  const choosePeriod = (period: (typeof periods)[number] | 'own') =>
    onChange(
      period === 'own'
        ? { period: undefined, from, to }
        : { period: period === '30d' ? undefined : period, from: undefined, to: undefined },
    );
  return (
    <div className={`${styles.filters} ${own.filters}`}>
      <Select
        label={t('analytics.period')}
        value={isOwn ? 'own' : (search.period ?? '30d')}
        onChange={choosePeriod}
        options={[...periods, 'own' as const].map((value) => ({ value, text: t(`analytics.periods.${value}`) }))}
      />
      {isOwn && (
        <>
          <TextField
            label={t('lists.from')}
            type="date"
            value={from}
            onChange={(day) => day !== '' && onChange({ from: day, to })}
            {...(error === 'tooLong' && { error: t('analytics.tooLong', { number: pointsThatFit(isCompared) }) })}
          />
          <TextField
            label={t('lists.to')}
            type="date"
            value={to}
            onChange={(day) => day !== '' && onChange({ from, to: day })}
            {...(error === 'order' && { error: t('analytics.order') })}
          />
        </>
      )}
      {plan && (
        <Select
          label={t('analytics.interval')}
          value={plan.interval}
          onChange={(interval) => onChange({ interval })}
          options={fitting.map((value) => ({ value, text: t(`analytics.intervals.${value}`) }))}
        />
      )}
      <Checkbox isSelected={isCompared} onChange={(isOn) => onChange({ compare: isOn ? undefined : 'off' })}>
        {t('analytics.compare')}
      </Checkbox>
    </div>
  );
}
