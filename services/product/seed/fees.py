"""Counter fees: one offering for each business, named as the business; headquarters' prices."""

from services.product.seed.declarations import Offering, once


def _fee(business: str, amount: str, zh: str, en: str, *, bounds: tuple[str, str] | None = None) -> Offering:
    return Offering(
        business,
        zh,
        en,
        "business-fees",
        "counter-service",
        (once(f"{business}/fee", amount, zh, en, bounds=bounds),),
        sold_alone=False,
        named=business,
    )


FEES = (
    _fee("open-account", "0.00", "开户手续费", "Opening an account"),
    _fee("subscribe", "0.00", "业务订购手续费", "Adding an option"),
    _fee("unsubscribe", "0.00", "业务退订手续费", "Giving up an option"),
    _fee("change-plan", "0.00", "套餐变更手续费", "Changing the plan"),
    _fee("replace-sim", "10.00", "补换卡工本费", "Replacing a SIM card", bounds=("0.00", "20.00")),
    _fee("change-number", "20.00", "改号手续费", "Changing the number", bounds=("0.00", "40.00")),
    _fee("suspend", "0.00", "停机手续费", "Suspending"),
    _fee("resume", "0.00", "复机手续费", "Resuming"),
    _fee("transfer-ownership", "10.00", "过户手续费", "Transferring ownership", bounds=("0.00", "20.00")),
    _fee("terminate", "0.00", "销户手续费", "Terminating"),
    _fee("port-in", "0.00", "携号转入手续费", "Porting a number in"),
    _fee("port-out", "0.00", "携号转出手续费", "Porting a number out"),
)
