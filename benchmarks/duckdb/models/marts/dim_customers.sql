with

favourites as (

    select
        customer_id,
        {%- for attribute in ['product_category', 'payment_method'] %}
        arg_min(
            attribute_value, (-purchase_line_count, -net_revenue, attribute_value)
        ) filter (attribute = '{{ attribute }}') as {{ attribute }},
        {%- endfor %}
        count(*) filter (attribute = 'product_category') as distinct_category_count

    from {{ ref('fct_customer_preferences') }}

    where
        attribute_value != 'unknown'
        and purchase_line_count > 0

    group by customer_id

),

-- None where the as-of date is the default.
later_lines as (

    select
        customer_id,
        min(activity_date) as first_activity_date

    from {{ ref('int_customer_days') }}

    where activity_date >= {{ as_of_date() }}

    group by customer_id

),

customers as (

    select
        customer_id,
        quarantine_reason is not null as has_quarantined_attributes,
        -- Attributes that break a rule are not to be trusted; that it is a customer is.
        case when quarantine_reason is null then age end as age,
        if(quarantine_reason is null, gender, 'unknown') as gender,
        if(quarantine_reason is null, location, 'unknown') as location,
        if(quarantine_reason is null, membership_level, 'unknown') as membership_level,
        case when quarantine_reason is null then registration_date end
            as registration_date

    from {{ ref('stg_customers') }}

),

population as (

    select
        customers.*,
        lifetimes.* exclude (customer_id),
        history.as_of_date,
        least(
            customers.registration_date,
            lifetimes.first_activity_date,
            later_lines.first_activity_date
        ) as known_since_date

    from customers

    cross join {{ ref('int_as_of_date') }} as history

    left join {{ ref('int_customer_lifetimes') }} as lifetimes
        on customers.customer_id = lifetimes.customer_id

    left join later_lines on customers.customer_id = later_lines.customer_id

    where
        history.as_of_date is not null
        and coalesce(known_since_date < history.as_of_date, true)

)

select
    population.customer_id,
    population.as_of_date,
    population.age,
    case
        when population.age < 18 then 'under 18'
        when population.age < 25 then '18 to 24'
        when population.age < 35 then '25 to 34'
        when population.age < 45 then '35 to 44'
        when population.age < 55 then '45 to 54'
        when population.age < 65 then '55 to 64'
        when population.age >= 65 then '65 and over'
        else 'unknown'
    end as age_band,
    population.gender,
    population.location,
    population.membership_level,
    coalesce(favourites.product_category, 'unknown') as favourite_category,
    coalesce(favourites.payment_method, 'unknown') as favourite_payment_method,
    population.has_quarantined_attributes,
    population.registration_date,
    population.known_since_date,
    population.first_activity_date as first_line_date,
    population.first_purchase_date,
    population.last_purchase_date,
    cast(population.as_of_date - population.known_since_date as int) as tenure_days,
    cast(population.as_of_date - population.last_purchase_date as int) as recency_days,
    coalesce(population.purchase_day_count, 0) as purchase_day_count,
    coalesce(population.weekend_purchase_day_count, 0) as weekend_purchase_day_count,
    coalesce(population.transaction_count, 0) as transaction_count,
    coalesce(population.return_count, 0) as return_count,
    coalesce(population.gross_revenue, 0) as gross_revenue,
    coalesce(population.returned_revenue, 0) as returned_revenue,
    coalesce(population.net_revenue, 0) as net_revenue,
    {{ money_per(
        'population.net_revenue', 'nullif(population.purchase_day_count, 0)'
    ) }} as average_basket,
    population.mean_gap_days,
    population.median_gap_days,
    cast(coalesce(favourites.distinct_category_count, 0) as int)
        as distinct_category_count,
    coalesce(population.night_line_count, 0) as night_line_count,
    coalesce(population.morning_line_count, 0) as morning_line_count,
    coalesce(population.afternoon_line_count, 0) as afternoon_line_count,
    coalesce(population.evening_line_count, 0) as evening_line_count

from population

left join favourites on population.customer_id = favourites.customer_id
