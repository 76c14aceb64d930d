with

sales as (

    select
        customer_id,
        transacted_date as activity_date,
        payment_method,
        cast(amount > 0 as bigint) as purchase_line_count,
        amount as net_amount

    from {{ ref('fct_transactions') }}

),

{{ sales_ctes('sales', ['payment_method']) }}

select * from sales_totals
